using Mailbox.Proof.Nodes;
using Xunit;

namespace Mailbox.Proof.Cluster.Tests;

/// <summary>Needs PostgreSQL's programs; skipped, with that as the reason, where they are not.</summary>
sealed class ClusterFactAttribute : FactAttribute
{
    public ClusterFactAttribute() => Skip = Topologies.Missing("cluster");
}
