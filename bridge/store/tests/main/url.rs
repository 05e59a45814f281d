//! The URL of the database.

use bridge_store::DatabaseUrl;

#[test]
fn urls_name_a_file_memory_or_a_server() {
    for (text, url) in [
        ("sqlite::memory:", DatabaseUrl::SqliteMemory),
        ("sqlite:///var/lib/bridge.db", DatabaseUrl::SqliteFile("/var/lib/bridge.db".into())),
        ("sqlite://bridge.db", DatabaseUrl::SqliteFile("bridge.db".into())),
        ("sqlite:bridge.db", DatabaseUrl::SqliteFile("bridge.db".into())),
    ] {
        assert_eq!(text.parse(), Ok(url), "{text}");
    }
    for text in ["postgres://bridge@db:5432/bridge", "postgresql://bridge:pw@db/bridge?sslmode=verify-full"] {
        assert!(matches!(text.parse(), Ok(DatabaseUrl::Postgres(_))), "{text}");
    }
}

#[test]
fn other_urls_are_refused() {
    for text in [
        "",
        "bridge.db",
        "mysql://host/db",
        "sqlite:",
        "sqlite://",
        "sqlite:a?mode=ro",
        "postgres:",
        "postgres:///db",
        "postgres://host",
        "postgres://host/db?sslmode=maybe",
    ] {
        assert!(text.parse::<DatabaseUrl>().is_err(), "{text}");
    }
}

#[test]
fn no_password_is_shown() {
    let url: DatabaseUrl = "postgres://bridge:secret@db/bridge?password=secret".parse().unwrap();
    assert_eq!(format!("{url:?}"), "Postgres(postgres://db/bridge)");
    for text in
        ["postgres://bridge:secret@db:x/bridge", "postgres://bridge:secret@db/bridge?sslmode=secret-mode"]
    {
        let error = text.parse::<DatabaseUrl>().unwrap_err();
        assert!(!error.contains("secret@") && !error.contains(":secret"), "{error}");
    }
}
