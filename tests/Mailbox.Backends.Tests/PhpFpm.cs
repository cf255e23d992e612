using System.Net;
using System.Net.Sockets;

namespace Mailbox.Backends.Tests;

/// <summary>php-fpm with scripts in a directory of its own; never as root.</summary>
sealed class PhpFpm : IAsyncDisposable
{
    const string Nobody = "65534";

    readonly DirectoryInfo _directory;
    Running? _running;

    PhpFpm(string script)
    {
        _directory = Directory.CreateTempSubdirectory("mailbox-php-");
        // Whoever the workers are must be able to write here.
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(Root, (UnixFileMode)0b111_111_111);
        File.Copy(script, Path.Combine(Root, Path.GetFileName(script)));
    }

    public string Root => _directory.FullName;

    public string Url { get; private set; } = "";

    public static async Task<PhpFpm> StartAsync(string script, int workers = 2, bool onSocket = false)
    {
        var php = new PhpFpm(script);
        EndPoint listens = onSocket ? new UnixDomainSocketEndPoint($"{php.Root}/php.sock") : Running.FreePort();
        php.Url = $"fastcgi://{listens}";
        await File.WriteAllTextAsync($"{php.Root}/fpm.conf", Settings(php.Root, listens, workers));
        php._running = await Running.StartAsync(listens, php.Command()[0], php.Command()[1..]);
        return php;
    }

    public async ValueTask DisposeAsync()
    {
        if (_running is not null) await _running.DisposeAsync();
        _directory.Delete(recursive: true);
    }

    List<string> Command()
    {
        List<string> php = [Installed.PhpFpm, "-n", "-F", "-O", "-y", $"{Root}/fpm.conf"];
        return Environment.UserName == "root" ? ["setpriv", $"--reuid={Nobody}", $"--regid={Nobody}", "--clear-groups", .. php] : php;
    }

    static string Settings(string root, EndPoint listens, int workers) => $"""
        [global]
        error_log = {root}/error.log
        [www]
        listen = {listens}
        listen.mode = 0666
        pm = static
        pm.max_children = {workers}
        php_admin_value[sys_temp_dir] = {root}
        """;
}
