//! What searches over all groups show of each role.

use reqwest::Method;

use super::Guarded;
use super::matrix::{DIG1, ROLES, bindings};

/// A search is permitted to whoever has a role anywhere, and finds what each of them may see.
#[tokio::test]
async fn searches_show_what_the_caller_may_see() {
    let bridge = Guarded::new(&bindings(DIG1)).await;
    for name in ["in-1", "out-1"] {
        for group in ["dig1", "dig2"] {
            assert_eq!(bridge.create("alice", group, name).await, 201);
        }
    }
    let search = async |user: &str, path: &str| {
        let page =
            bridge.request(user, Method::GET, path).header("accept", "text/html").send().await.unwrap();
        (page.status().as_u16(), page.text().await.unwrap())
    };
    for (_, role) in ROLES {
        let (status, found) = search(role, "/ui/intents").await;
        let shown = |name: &str| found.contains(&format!("/ui/intents/proj1/capp1/v1/{name}\""));
        let all = ["dig1/in-1", "dig1/out-1", "dig2/in-1", "dig2/out-1"].map(shown);
        assert_eq!((status, all), (200, [true, true, false, false]), "{role}");
        let (status, found) = search(&format!("some-{role}"), "/ui/intents").await;
        assert_eq!(status, 200);
        assert!(found.contains("/dig1/in-1\"") && !found.contains("/out-1\""), "{role}: {found}");
        for path in ["/ui/runs", "/ui/schedules", "/ui/rules", "/ui/"] {
            assert_eq!(search(role, path).await.0, 200, "{role} {path}");
        }
        let clients = search(role, "/ui/clients").await.0;
        assert_eq!(clients, if role == "viewer" { 403 } else { 200 }, "{role}");
    }
    for path in ["/ui/intents", "/ui/runs", "/ui/schedules", "/ui/rules", "/ui/clients"] {
        let (status, refused) = search("nobody", path).await;
        assert!(status == 403 && refused.contains("no binding is for"), "{status} {refused}");
    }
}
