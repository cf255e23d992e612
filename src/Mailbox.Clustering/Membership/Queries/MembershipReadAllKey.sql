-- A cluster without members has one row all the same, with its version.
SELECT m.address AS Address, m.port AS Port, m.generation AS Generation, m.name AS SiloName, m.host AS HostName, m.status AS Status,
    m.client_port AS ProxyPort, m.suspicions AS SuspectTimes, m.started AS StartTime, m.alive AS IAmAliveTime, v.version AS Version
FROM cluster_versions v LEFT JOIN cluster_members m USING (cluster)
WHERE cluster = @DeploymentId
