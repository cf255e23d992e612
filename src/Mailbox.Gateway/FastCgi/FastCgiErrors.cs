using System.Text;
using Microsoft.Extensions.Logging;

namespace Mailbox.Gateway;

/// <summary>What an application says on its standard error while it works on one request: to the log, up to a bound.</summary>
sealed class FastCgiErrors(ILogger log)
{
    const int MaxBytes = 16 << 10;

    int _room = MaxBytes;

    public async ValueTask ReadAsync(FastCgiConnection connection, int length, CancellationToken cancel)
    {
        var said = new byte[Math.Min(length, _room)];
        await connection.ReadExactlyAsync(said, cancel).ConfigureAwait(false);
        await connection.SkipAsync(length - said.Length, cancel).ConfigureAwait(false);
        _room -= said.Length;
        foreach (var line in Encoding.UTF8.GetString(said).Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            log.ApplicationSaid(Printable(line));
        if (length > 0 && _room == 0 && said.Length > 0) log.ApplicationSaysTooMuch(MaxBytes);
    }

    // One line of the log stays one line, whatever is in it.
    static string Printable(string line) => string.Concat(line.Select(static letter => char.IsControl(letter) ? ' ' : letter));
}
