//! A bridge alone, on SQLite in a volume.

use anyhow::{Result, ensure};
use e2e::{get, post};
use harness::{SAMPLE_INTENT, sample_intent};
use testcontainers::ImageExt;
use testcontainers::core::Mount;

use crate::images::Images;
use crate::network::{Container, Network};
use crate::system::{intent, intents};

#[tokio::test]
async fn data_in_a_volume_survives_the_kill_of_its_container() -> Result<()> {
    let Some(images) = Images::under_test()? else { return Ok(()) };
    let network = Network::new(images).await?;
    let volume = network.volume().await?;
    let bridge = async |name| -> Result<Container> {
        let mount = Mount::volume_mount(volume.as_str(), "/data");
        let request =
            network.container("bridge", name)?.with_env_var("BRIDGE_INSECURE", "true").with_mount(mount);
        let bridge = Container::serving(request, 9095).await?;
        bridge.ready("/readyz").await?;
        Ok(bridge)
    };
    let first = bridge("first").await?;
    // An address that nothing answers for keeps no intent from being kept.
    let sample = sample_intent("client.invalid", 9090, "http://emco.invalid");
    let created = post(&intents(&first), &sample).await?.expect(201)?;
    let unknown = e2e::send(reqwest::Method::POST, &intent(&first, "/start"), "").await?.expect(502)?;
    ensure!(unknown.text("code") == "client_unreachable", "a name that nobody has: {}", unknown.body);
    first.kill().await?;
    ensure!(first.written().await?.is_empty(), "{}", first.written().await?);

    let second = bridge("second").await?;
    let kept = get(&format!("{}/{SAMPLE_INTENT}", intents(&second))).await?.expect(200)?;
    ensure!(kept.body == created.body, "{}", kept.body);
    Ok(())
}
