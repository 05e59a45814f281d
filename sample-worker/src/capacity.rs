//! How full a cluster is. All of it is in Temporal's histories, so no field may be removed.

use serde::{Deserialize, Serialize};
use worker_kit::Timestamp;

use crate::model::Target;

/// The number of deployment intent groups on a cluster.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Count {
    pub(crate) used: usize,
    /// The number of groups that cannot be read, wherever they are.
    pub(crate) unread: usize,
}

/// What was counted, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Reading {
    pub(crate) count: Count,
    pub(crate) at: Option<Timestamp>,
}

/// How full a cluster is: the response to the query `capacity`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Capacity {
    /// The cluster (`provider/cluster`).
    pub cluster: String,
    /// The number of deployment intent groups on the cluster. Null before the first reading.
    pub used: Option<usize>,
    /// The number of deployment intent groups that the cluster can hold.
    pub limit: usize,
    /// `used` by `limit`. Null before the first reading.
    pub ratio: Option<f64>,
    /// The number of deployment intent groups that cannot be read. `used` does not contain them.
    pub unread: usize,
    /// When the last reading ended, by the workflow's time. Null before the first one.
    pub at: Option<Timestamp>,
}

impl Capacity {
    pub(crate) fn new(cluster: &Target, limit: usize) -> Self {
        Self { cluster: cluster.to_string(), limit, ..Self::default() }
    }

    /// Takes over what was read.
    pub(crate) fn read(&mut self, Reading { count, at }: Reading) {
        (self.used, self.unread, self.at) = (Some(count.used), count.unread, at);
        self.ratio = Some(count.used as f64 / self.limit as f64);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_ratio_is_null_until_something_was_read() {
        let mut capacity = Capacity::new(&Target::new("provider1", "cluster1"), 40);
        let mut json = json!({
            "cluster": "provider1/cluster1", "used": null, "limit": 40, "ratio": null, "unread": 0, "at": null,
        });
        assert_eq!(serde_json::to_value(&capacity).unwrap(), json);
        capacity.read(Reading { count: Count { used: 37, unread: 1 }, at: Some(Timestamp::UNIX_EPOCH) });
        (json["used"], json["ratio"], json["unread"]) = (json!(37), json!(0.925), json!(1));
        json["at"] = json!("1970-01-01T00:00:00Z");
        assert_eq!(serde_json::to_value(&capacity).unwrap(), json);
    }
}
