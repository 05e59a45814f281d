use client_kit::workflow_client;

#[workflow_client]
struct Migrate;

fn main() {
    // The item stays, so there is no second error.
    let _ = Migrate;
}
