SELECT address AS Address, client_port AS ProxyPort, generation AS Generation
FROM cluster_members
WHERE cluster = @DeploymentId AND status = @Status AND client_port > 0
