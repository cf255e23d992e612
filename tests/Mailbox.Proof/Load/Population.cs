using System.Globalization;

namespace Mailbox.Proof.Load;

/// <summary>Who there is: mailboxes by the way they are used, and groups.</summary>
sealed record Population
{
    const int Mailboxes = 30;
    const int Shared = 4;
    const int Parked = 4;
    const int Mortal = 4;

    /// <summary>Each has one reader, who must get everything.</summary>
    public IReadOnlyList<string> Plain { get; } = Names("plain", Mailboxes - Shared - Parked - Mortal);

    /// <summary>Each has two readers: one may acknowledge what the other missed, who is then told.</summary>
    public IReadOnlyList<string> TwoReaders { get; } = Names("shared", Shared);

    /// <summary>Nobody reads them before the end.</summary>
    public IReadOnlyList<string> Unread { get; } = Names("parked", Parked);

    /// <summary>They are removed from time to time.</summary>
    public IReadOnlyList<string> Removed { get; } = Names("mortal", Mortal);

    public IReadOnlyList<string> Groups { get; } = Names("group", 3);

    public IReadOnlyList<string> All => [.. Plain, .. TwoReaders, .. Unread, .. Removed];

    static string[] Names(string kind, int count) => [.. Enumerable.Range(0, count).Select(i => kind + i.ToString(CultureInfo.InvariantCulture))];
}
