use client_kit::workflow_client;

#[workflow_client(name = "a b", path = "/migrate")]
fn migrate<T>(first: T, second: impl Send, third: u8) {
    let _ = (first, second, third);
}

fn main() {
    // The item stays and can be listed, so there is no second error.
    migrate((), (), 3);
    let _ = client_kit::clients![migrate];
}
