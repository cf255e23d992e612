using System.Globalization;

namespace Mailbox.Load;

/// <summary>What the server's processes use, by <c>/proc</c>.</summary>
sealed class ServerUse(int[] pids)
{
    /// <summary>CPU time in microseconds; the scheduler's exact count of every thread.</summary>
    public double Cpu => pids.Sum(pid => Directory.EnumerateDirectories($"/proc/{pid}/task").Sum(ThreadCpu));

    /// <summary>Proportional set size in bytes.</summary>
    public double Memory => pids.Sum(pid => 1024 * Field($"/proc/{pid}/smaps_rollup", "Pss:"));

    static double ThreadCpu(string task)
    {
        try
        {
            return double.Parse(File.ReadAllText($"{task}/schedstat").Split(' ')[0], CultureInfo.InvariantCulture) / 1000;
        }
        catch (IOException)
        {
            // The thread has ended meanwhile.
            return 0;
        }
    }

    static double Field(string file, string name)
    {
        var line = File.ReadLines(file).First(line => line.StartsWith(name, StringComparison.Ordinal));
        return double.Parse(line[name.Length..].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);
    }
}
