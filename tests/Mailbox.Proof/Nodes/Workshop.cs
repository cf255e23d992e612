using System.Reflection;

namespace Mailbox.Proof.Nodes;

/// <summary>What a topology is built with: a directory of its own, kept when something was found.</summary>
sealed record Workshop(string Directory, RunClock Clock, Findings Findings)
{
    const UnixFileMode Everybody = (UnixFileMode)0x1FF;

    /// <summary>Short heartbeats, so that readers notice silence within the run.</summary>
    public static IReadOnlyList<string> GatewaySettings { get; } = ["--Mailbox:Heartbeat", "00:00:02", "--Mailbox:Drain", "00:00:03"];

    /// <summary>No bound for mailboxes that nobody reads before the end.</summary>
    public static IReadOnlyList<string> EngineSettings { get; } = ["--Mailbox:MaxMessages", "1000000", "--Mailbox:MaxBytes", "1073741824"];

    /// <param name="clock">Of the run.</param>
    public static Workshop Open(RunClock clock, Findings findings)
    {
        var directory = System.IO.Directory.CreateTempSubdirectory("mailbox-proof-").FullName;
        // The processes run as other users.
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(directory, Everybody);
        return new(directory, clock, findings);
    }

    public Node Node(string name, IReadOnlyList<string> program, IReadOnlyList<int> ports, string user = "") => new(name, new(program, ports, user, Directory), this);

    /// <summary>The file of a host, as it was built.</summary>
    public static string Host(string name) =>
        Path.GetFullPath(typeof(Workshop).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(one => one.Key == name).Value!);
}
