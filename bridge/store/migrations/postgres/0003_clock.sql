-- The database's clock, in microseconds since 1970: the time of the call, not that at which a transaction began.
CREATE VIEW clock AS SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT) AS now;
