using System.ComponentModel.DataAnnotations;

namespace Mailbox.Clustering;

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
