//! An issuer of tokens (JWT), for a bridge that accepts no others.

use anyhow::{Result, anyhow};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The name of the issuer in the settings, and the audience.
const NAME: &str = "bench";
/// The claim `iss`.
const URL: &str = "https://bench.example";
/// When tokens expire: with the year 2100.
const EXPIRY: i64 = 4_102_444_800;

/// An issuer with one key. Of the usual algorithms, ES256 takes the longest to verify.
pub(crate) struct Issuer {
    /// The entry in the bridge's file of issuers.
    pub(crate) settings: String,
    pair: EcdsaKeyPair,
}

impl Issuer {
    /// Serves its key from now on.
    pub(crate) async fn start() -> Result<Self> {
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let random = SystemRandom::new();
        let key = EcdsaKeyPair::generate_pkcs8(algorithm, &random).map_err(|_| anyhow!("no key"))?;
        let pair =
            EcdsaKeyPair::from_pkcs8(algorithm, key.as_ref(), &random).map_err(|error| anyhow!(error))?;
        let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
        let (x, y) = (encoded(x), encoded(y));
        let keys =
            json!({"keys": [{"kty": "EC", "crv": "P-256", "kid": NAME, "use": "sig", "x": x, "y": y}]});
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        tokio::spawn(serve(listener, keys.to_string()));
        let settings = format!(
            "[[issuer]]\nname = \"{NAME}\"\nissuer = \"{URL}\"\naudience = \"{NAME}\"\n\
             keys_url = \"http://127.0.0.1:{port}/keys\"\n"
        );
        Ok(Self { settings, pair })
    }

    /// Returns a token of this user.
    pub(crate) fn token(&self, user: &str) -> Result<String> {
        let header = json!({"alg": "ES256", "kid": NAME, "typ": "at+jwt"}).to_string();
        let claims = json!({"iss": URL, "aud": NAME, "sub": user, "exp": EXPIRY}).to_string();
        let message = format!("{}.{}", encoded(header), encoded(claims));
        let signature = self.pair.sign(&SystemRandom::new(), message.as_bytes());
        let signature = signature.map_err(|_| anyhow!("a token cannot be signed"))?;
        Ok(format!("{message}.{}", encoded(signature)))
    }
}

fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

async fn serve(listener: TcpListener, keys: String) {
    while let Ok((stream, _)) = listener.accept().await {
        // The bridge asks again if this one failed.
        drop(answer(stream, &keys).await);
    }
}

/// Responds to one request, and closes the connection.
async fn answer(mut stream: TcpStream, keys: &str) -> Result<()> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") && stream.read_buf(&mut request).await? > 0 {}
    let length = keys.len();
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
    );
    stream.write_all((head + keys).as_bytes()).await?;
    Ok(())
}
