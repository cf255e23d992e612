using System.Globalization;

namespace Mailbox.Storage.Journal;

/// <summary>The names of a journal's files: a number of eight digits and what it is.</summary>
static class FileNames
{
    public const string Identity = "identity";

    /// <summary>Its presence says that the directory is a copy: the epochs of its mailboxes must change (spec M4).</summary>
    public const string Restored = "restored";

    public const string Reserve = "reserve";
    public const string Unfinished = ".tmp";

    const string SegmentEnding = ".segment";
    const string SnapshotEnding = ".snapshot";

    public static string Segment(int number) => Numbered(number, SegmentEnding);

    public static string Snapshot(int number) => Numbered(number, SnapshotEnding);

    public static int[] Segments(IReadOnlyList<string> names) => NumbersOf(names, SegmentEnding);

    public static int[] Snapshots(IReadOnlyList<string> names) => NumbersOf(names, SnapshotEnding);

    static string Numbered(int number, string ending) => number.ToString("D8", CultureInfo.InvariantCulture) + ending;

    static int[] NumbersOf(IReadOnlyList<string> names, string ending)
    {
        var numbers = new List<int>();
        foreach (var name in names)
            if (name.EndsWith(ending, StringComparison.Ordinal) && TryParse(name.AsSpan(0, name.Length - ending.Length), out var number))
                numbers.Add(number);
        numbers.Sort();
        return [.. numbers];
    }

    static bool TryParse(ReadOnlySpan<char> digits, out int number) =>
        int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
