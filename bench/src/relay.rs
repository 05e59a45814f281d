//! A process that passes on what it gets, and nothing else: what one more hop costs on this machine, whatever is done there.

use std::net::SocketAddr;

use anyhow::{Context, Result};
use harness::Process;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};

use crate::scene::aside;

/// A running relay; it ends with this.
#[derive(Debug)]
pub(crate) struct Relay {
    pub(crate) address: SocketAddr,
    _process: Process,
}

impl Relay {
    /// Starts one in a process of its own, as what it stands for is.
    pub(crate) async fn start(to: &str) -> Result<Self> {
        let (process, address) = aside("relay", &[to]).await?;
        Ok(Self { address, _process: process })
    }
}

/// Passes on whatever comes, until the process ends.
pub(crate) async fn serve(listen: SocketAddr, to: SocketAddr) -> Result<()> {
    let listener = TcpListener::bind(listen).await.context("no port for the relay")?;
    loop {
        let (mut near, _) = listener.accept().await?;
        tokio::spawn(async move {
            let mut far = TcpStream::connect(to).await?;
            near.set_nodelay(true)?;
            far.set_nodelay(true)?;
            copy_bidirectional(&mut near, &mut far).await
        });
    }
}
