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

/// <summary>How a process takes part in a cluster. Configuration section <c>Mailbox:Cluster</c>.</summary>
public sealed class NodeOptions
{
    const int LastPort = 65535;

    /// <summary>
    /// The name of the cluster; processes with another name do not join it. Clients give it as cluster id and as service id; the default
    /// is theirs.
    /// </summary>
    [RegularExpression("[A-Za-z0-9._-]{1,100}", ErrorMessage = "allowed are 1 to 100 of A-Z a-z 0-9 . _ -")]
    public string Id { get; set; } = "default";

    /// <summary>
    /// The PostgreSQL database of the members and the mailboxes, as Npgsql takes it. Empty: the mailboxes are in the journal of one silo,
    /// and that silo knows the members.
    /// </summary>
    public string Database { get; set; } = "";

    /// <summary>Whether silos share a database, rather than one having a journal.</summary>
    public bool HasDatabase => Database.Length > 0;

    /// <summary>The schema of all tables in the database, made where it does not exist.</summary>
    [RegularExpression("[a-z_][a-z0-9_]{0,62}", ErrorMessage = "allowed are 1 to 63 of a-z 0-9 _, not beginning with a digit")]
    public string Schema { get; set; } = "mailbox";

    /// <summary>Without a database: where a gateway finds the one silo, as <c>ADDRESS:PORT</c> of its <see cref="SiloPort"/>.</summary>
    [EndPoint]
    public string Silo { get; set; } = "";

    /// <summary>The IP address under which the other processes reach this one; it listens there only.</summary>
    [EndPoint(IsWithoutPort = true)]
    public string Address { get; set; } = "127.0.0.1";

    /// <summary>The port for the other processes of the cluster; 0 for any that is free.</summary>
    [Range(0, LastPort)]
    public int SiloPort { get; set; }

    /// <summary>The port for backends that are clients of the cluster; 0 for none.</summary>
    [Range(0, LastPort)]
    public int ClientPort { get; set; }

    /// <summary>
    /// A PKCS #12 file, for TLS between the processes. The first certificate with a private key is shown to the others; all of them, and
    /// no other, are believed. Empty for none: then only loopback addresses are allowed.
    /// </summary>
    public string Certificate { get; set; } = "";

    /// <summary>The password of <see cref="Certificate"/>.</summary>
    public string CertificatePassword { get; set; } = "";
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
