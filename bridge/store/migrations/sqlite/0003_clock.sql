-- The database's clock, in microseconds since 1970.
CREATE VIEW clock AS SELECT CAST(unixepoch('subsec') * 1000000 AS INTEGER) AS now;
