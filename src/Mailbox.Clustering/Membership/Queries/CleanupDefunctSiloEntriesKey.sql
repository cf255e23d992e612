-- 3 is active: one that is, and does not say so, is for the others to declare dead first.
DELETE FROM cluster_members WHERE cluster = @DeploymentId AND alive < @IAmAliveTime AND status <> 3
