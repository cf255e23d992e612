-- One row that was read as dead (6) for longer than it is kept, unless it has changed since. Orleans asks this for each such row where the query exists, and
-- CleanupDefunctSiloEntriesKey otherwise.
DELETE FROM cluster_members
WHERE cluster = @DeploymentId AND address = @Address AND port = @Port AND generation = @Generation AND status = 6
    AND started = @StartTime AND alive = @IAmAliveTime AND suspicions IS NOT DISTINCT FROM @SuspectTimes
