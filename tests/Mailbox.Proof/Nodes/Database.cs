using System.Diagnostics;
using System.Globalization;
using Mailbox.Tests;

namespace Mailbox.Proof.Nodes;

/// <summary>A PostgreSQL server with a directory of its own, on the loopback interface. It refuses to run as root.</summary>
sealed class Database : IAsyncDisposable
{
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);
    static readonly string s_programs = Find();

    readonly Workshop _workshop;
    readonly string _data;
    readonly int _port = Ports.Free();

    public Database(Workshop workshop)
    {
        _workshop = workshop;
        _data = Path.Combine(workshop.Directory, "postgres");
        // A stop is a fast shutdown: sessions are ended, not waited for.
        Node = new("postgres", Command("postgres", "-D", _data, "-p", Port, "-k", "", "-c", "listen_addresses=127.0.0.1", "-c", "max_connections=200") with { StopSignal = "INT" }, workshop);
    }

    public string ConnectionString => $"Host=127.0.0.1;Port={Port};Username=mailbox;Database=postgres";

    public Node Node { get; }

    string Port => _port.ToString(CultureInfo.InvariantCulture);

    public async Task StartAsync(CancellationToken cancel)
    {
        if (!await SucceedsAsync("initdb", "-D", _data, "-A", "trust", "-U", "mailbox", "--no-sync", "-E", "UTF8")) throw new InvalidOperationException("initdb failed.");
        Node.Start();
        var isReady = await _workshop.Clock.UntilAsync(() => SucceedsAsync("pg_isready", "-q", "-h", "127.0.0.1", "-p", Port), s_patience, cancel);
        if (!isReady) throw new TimeoutException("PostgreSQL's server did not start.");
    }

    public ValueTask DisposeAsync() => Node.DisposeAsync();

    async Task<bool> SucceedsAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(Command(program, arguments).Information())!;
        _ = process.StandardError.ReadToEndAsync();
        await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0;
    }

    NodeCommand Command(string program, params string[] arguments) =>
        new([Path.Combine(s_programs, program), .. arguments], [_port], Environment.IsPrivilegedProcess ? "postgres" : "", _workshop.Directory);

    static string Find()
    {
        var debian = Directory.Exists("/usr/lib/postgresql") ? Directory.GetDirectories("/usr/lib/postgresql") : [];
        string[] candidates = [.. (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':'), .. debian.Order().Select(version => version + "/bin")];
        return candidates.LastOrDefault(one => File.Exists(Path.Combine(one, "initdb")) && File.Exists(Path.Combine(one, "postgres")))
            ?? throw new FileNotFoundException("PostgreSQL's server (initdb, postgres) was not found: install Debian's package postgresql.");
    }
}
