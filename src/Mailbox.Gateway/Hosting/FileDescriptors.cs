using System.Globalization;

namespace Mailbox.Gateway;

/// <summary>How many files, sockets among them, the process may open (proc(5)).</summary>
static class FileDescriptors
{
    public const long LowLimit = 20_000;
    const string LimitsFile = "/proc/self/limits";
    const string LimitName = "Max open files";

    /// <returns>Null where the system does not say.</returns>
    public static long? SoftLimit()
    {
        if (!File.Exists(LimitsFile)) return null;
        var line = File.ReadLines(LimitsFile).FirstOrDefault(static line => line.StartsWith(LimitName, StringComparison.Ordinal));
        var words = line?[LimitName.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return words is [var soft, ..] && long.TryParse(soft, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) ? limit : null;
    }
}
