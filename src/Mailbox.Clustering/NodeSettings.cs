using System.ComponentModel.DataAnnotations;
using System.Net;
using Mailbox.Gateway;
using Npgsql;

namespace Mailbox.Clustering;

/// <summary>Reads how a process takes part in a cluster, and refuses what does not go together.</summary>
public static class NodeSettings
{
    /// <summary>Of a process that owns mailboxes. Without a database they are in a journal, and there is one such process.</summary>
    public static NodeOptions ReadSilo(this SettingsReader settings)
    {
        var cluster = settings.Within("Cluster");
        var node = cluster.Read<NodeOptions>();
        if (node.Silo.Length > 0) cluster.Refuse(nameof(node.Silo), "only a gateway joins a silo; a journal has one silo, and more of them need a database");
        return Checked(node, cluster);
    }

    /// <summary>Of a process that owns none.</summary>
    public static NodeOptions ReadGateway(this SettingsReader settings)
    {
        var cluster = settings.Within("Cluster");
        var node = cluster.Read<NodeOptions>();
        if (node is { Silo: "", Database: "" }) cluster.Refuse(nameof(node.Silo), "a gateway needs the address of the silo or the database of the cluster");
        if (node is { Silo: not "", Database: not "" }) cluster.Refuse(nameof(node.Silo), "the database knows where the silos are");
        return Checked(node, cluster);
    }

    static NodeOptions Checked(NodeOptions node, SettingsReader cluster)
    {
        if (node.Certificate.Length == 0 && IPAddress.TryParse(node.Address, out var address) && !IPAddress.IsLoopback(address))
            cluster.Refuse(nameof(node.Certificate), $"the address {address} needs one: who reaches a port of the cluster may do everything");
        // The value may have a password in it.
        if (FaultOf(node.Database) is { } fault) cluster.Refuse("Mailbox:Cluster:Database", "(not shown)", $"it must be as Npgsql takes it: {fault}");
        return node;
    }

    static string? FaultOf(string connection)
    {
        try
        {
            _ = new NpgsqlConnectionStringBuilder(connection);
            return null;
        }
        catch (Exception fault) when (fault is ArgumentException or FormatException)
        {
            return fault.Message;
        }
    }
}

/// <summary>An IP address that one can connect to, with its port or without; or, with a port, nothing.</summary>
[AttributeUsage(AttributeTargets.Property)]
sealed class EndPointAttribute : ValidationAttribute
{
    public bool IsWithoutPort { get; init; }

    public override bool IsValid(object? value) => value is string text && (IsWithoutPort ? IsAddress(text) : text.Length == 0 || IsEndPoint(text));

    public override string FormatErrorMessage(string name) =>
        IsWithoutPort ? "allowed is an IP address such as 10.0.0.7" : "allowed is an IP address with a port such as 10.0.0.7:11111";

    static bool IsEndPoint(string text) => IPEndPoint.TryParse(text, out var found) && found.Port > 0 && IsReachable(found.Address);

    static bool IsAddress(string text) => IPAddress.TryParse(text, out var found) && IsReachable(found);

    static bool IsReachable(IPAddress address) => !address.Equals(IPAddress.Any) && !address.Equals(IPAddress.IPv6Any);
}
