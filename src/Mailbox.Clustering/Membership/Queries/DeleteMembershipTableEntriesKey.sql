DELETE FROM cluster_versions WHERE cluster = @DeploymentId
