use client_kit::workflow_client;

#[workflow_client]
struct Migrate;

fn main() {
    // The item stays: no second error here.
    let _ = Migrate;
}
