using System.Diagnostics;
using Mailbox.Storage.PostgreSql;
using Mailbox.Tests;
using Npgsql;

namespace Mailbox.Storage.Tests.PostgreSql;

/// <summary>A server of its own on the loopback interface, for as long as the tests run; each test has a schema of its own.</summary>
public sealed class PostgresServer : IDisposable
{
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    readonly TemporaryDirectory _directory = new();
    readonly int _port = Ports.Free();
    Process? _process;
    int _schemas;

    public PostgresServer()
    {
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Stop();
        if (Environment.IsPrivilegedProcess) Run("chown", "postgres", _directory.Path);
        RunUnprivileged(PostgresPrograms.Path("initdb"), "-D", _directory["data"], "-A", "trust", "-U", "mailbox", "--no-sync", "-E", "UTF8");
        Start();
    }

    public string ConnectionString => $"Host=127.0.0.1;Port={_port};Username=mailbox;Database=postgres";

    public PostgresOptions NewSchema() => new()
    {
        ConnectionString = ConnectionString,
        Schema = $"test_{Interlocked.Increment(ref _schemas)}",
    };

    public void Restart()
    {
        Stop();
        Start();
    }

    /// <summary>The server stops, and comes back as a standby that is promoted: on another timeline.</summary>
    public void Promote()
    {
        Stop();
        File.WriteAllText(_directory["data/standby.signal"], "");
        Start();
        Execute("SELECT pg_promote()");
    }

    public void Execute(string sql)
    {
        using var connection = new NpgsqlConnection(ConnectionString + ";Pooling=false");
        connection.Open();
        using var command = new NpgsqlCommand(sql, connection);
        command.ExecuteNonQuery();
    }

    public long Ask(string sql)
    {
        using var connection = new NpgsqlConnection(ConnectionString + ";Pooling=false");
        connection.Open();
        using var command = new NpgsqlCommand(sql, connection);
        return Convert.ToInt64(command.ExecuteScalar(), null);
    }

    public void Dispose()
    {
        Stop();
        _directory.Dispose();
    }

    void Start()
    {
        using var ready = new ManualResetEventSlim();
        var process = new Process
        {
            StartInfo = Unprivileged(
            PostgresPrograms.Path("postgres"), "-D", _directory["data"], "-p", $"{_port}", "-k", "",
            "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "max_connections=200")
        };
        process.StartInfo.RedirectStandardError = true;
        process.ErrorDataReceived += (_, line) =>
        {
            if (line.Data is { } text && text.Contains("ready to accept", StringComparison.Ordinal) && text.EndsWith("connections", StringComparison.Ordinal)) ready.Set();
        };
        process.Start();
        process.BeginErrorReadLine();
        _process = process;
        if (!ready.Wait(s_patience)) throw new TimeoutException("PostgreSQL's server did not start.");
    }

    /// <summary>A fast shutdown: sessions are ended.</summary>
    void Stop()
    {
        if (_process is null) return;
        if (!_process.HasExited) Run("kill", "-INT", $"{_process.Id}");
        _process.WaitForExit();
        _process.Dispose();
        _process = null;
    }

    static void RunUnprivileged(string program, params string[] arguments) => Finish(Unprivileged(program, arguments));

    static void Run(string program, params string[] arguments) => Finish(new(program, arguments) { RedirectStandardOutput = true });

    static void Finish(ProcessStartInfo start)
    {
        using var process = Process.Start(start)!;
        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0) throw new InvalidOperationException($"{start.FileName} ended with {process.ExitCode}.");
    }

    // The server refuses to run as root. setpriv becomes the program, so that its number is the server's.
    static ProcessStartInfo Unprivileged(string program, params string[] arguments) => Environment.IsPrivilegedProcess
        ? new("setpriv", ["--reuid=postgres", "--regid=postgres", "--clear-groups", program, .. arguments])
        { RedirectStandardOutput = true, WorkingDirectory = "/" }
        : new(program, arguments) { RedirectStandardOutput = true };
}
