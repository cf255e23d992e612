-- 6 is dead: any other is for the others to declare dead first.
DELETE FROM cluster_members WHERE cluster = @DeploymentId AND alive < @IAmAliveTime AND status = 6
