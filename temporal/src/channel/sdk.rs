//! The channel as the SDK takes it: for its workers, and whatever else it does by itself.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use http::HeaderValue;
use http::header::USER_AGENT;
use temporalio_client::callback_based::{CallbackBasedGrpcService, GrpcRequest, GrpcSuccessResponse};
use temporalio_client::tonic::Status;

use super::{AGENT, Channel, GRPC_TIMEOUT, call};

/// What carries the SDK's calls.
pub(in super::super) fn service(channel: &Channel) -> CallbackBasedGrpcService {
    let channel = channel.clone();
    CallbackBasedGrpcService {
        callback: Arc::new(move |request| {
            let channel = channel.clone();
            async move { answer(&channel, request).await }.boxed()
        }),
    }
}

async fn answer(channel: &Channel, request: GrpcRequest) -> Result<GrpcSuccessResponse, Status> {
    let GrpcRequest { service, rpc, mut headers, proto } = request;
    let within = headers.get(GRPC_TIMEOUT).and_then(timeout);
    headers.insert(USER_AGENT, AGENT);
    let exchange = async {
        let head = call::head(channel.origin(), format!("/{service}/{rpc}"), headers)?;
        call::exchange(channel.sender().await?, head, call::framed_bytes(&proto)?).await
    };
    let answer = match within {
        None => exchange.await,
        // The server has been told, and is not relied on.
        Some(within) => match tokio::time::timeout(within, exchange).await {
            Ok(answer) => answer,
            Err(_) => Err(Status::deadline_exceeded(format!("no answer within {within:?}"))),
        },
    }?;
    Ok(GrpcSuccessResponse { headers: answer.headers, proto: answer.message.into() })
}

/// The value of a `grpc-timeout`: at most eight digits, and a unit.
fn timeout(value: &HeaderValue) -> Option<Duration> {
    let (unit, digits) = value.as_bytes().split_last()?;
    let number: u32 = std::str::from_utf8(digits).ok()?.parse().ok()?;
    match unit {
        b'H' => Some(Duration::from_secs(3600) * number),
        b'M' => Some(Duration::from_secs(60) * number),
        b'S' => Some(Duration::from_secs(1) * number),
        b'm' => Some(Duration::from_millis(1) * number),
        b'u' => Some(Duration::from_micros(1) * number),
        b'n' => Some(Duration::from_nanos(1) * number),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_are_read_in_all_units() {
        for (text, seconds) in
            [("1H", 3600.0), ("2M", 120.0), ("30S", 30.0), ("1500m", 1.5), ("20u", 2e-5), ("7n", 7e-9)]
        {
            let read = timeout(&HeaderValue::from_static(text)).unwrap();
            assert_eq!(read, Duration::from_secs_f64(seconds), "{text}");
        }
        for text in ["", "S", "1", "1s", "-1S", "99999999999S"] {
            assert_eq!(timeout(&HeaderValue::from_static(text)), None, "{text}");
        }
    }
}
