using System.Diagnostics;

namespace Mailbox.Proof.Nodes;

/// <summary>How a process is started, each time in the same way.</summary>
/// <param name="Program">The file, with its arguments.</param>
/// <param name="Ports">Where it listens for other processes of the grid.</param>
/// <param name="User">Name or number of the user it runs as; empty for whoever runs the proof.</param>
sealed record NodeCommand(IReadOnlyList<string> Program, IReadOnlyList<int> Ports, string User, string Directory)
{
    /// <summary>What asks it to end at once and in order.</summary>
    public string StopSignal { get; init; } = "TERM";

    public ProcessStartInfo Information()
    {
        // setpriv becomes the program, so that its number is the program's.
        string[] line = User.Length == 0 ? [.. Program] : ["setpriv", "--reuid=" + User, "--regid=" + User, "--clear-groups", .. Program];
        return new(line[0], line[1..])
        {
            WorkingDirectory = Directory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["HOME"] = Directory },
        };
    }
}
