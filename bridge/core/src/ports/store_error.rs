//! Why the database did not do what was asked.

/// Why an access to the database failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database did not respond, or rejected the statement.
    #[error("the database could not {action}")]
    Unavailable {
        /// The attempted operation.
        action: &'static str,
        /// The database's response.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A row has content that this program does not write.
    #[error("the database has unreadable content in table `{table}`, column `{column}`, row `{row}`")]
    Inconsistent {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The key of the row.
        row: String,
        /// Why it is unreadable.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}
