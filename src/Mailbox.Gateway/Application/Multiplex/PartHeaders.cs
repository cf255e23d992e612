using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Unicode;
using Microsoft.Extensions.Primitives;

namespace Mailbox.Gateway;

/// <summary>The headers of one part, in their order. Names are compared without regard to case.</summary>
sealed class PartHeaders
{
    public const int MaxCount = 10_000;
    public const int MaxBytes = 1 << 20;
    public const string Token = "Multiplex-Token";
    public const string Mailbox = "Mailbox";
    public const string Group = "Group";
    public const string Except = "Except";
    public const string Status = "Status";

    // The names that most parts have, so that they are not allocated anew.
    static readonly string[] s_known =
    [
        Mailbox, Token, Group, Except, "Content-Type", "Message-Type", "TTL", "Topic", "Idempotency-Key", "Idle", "Durability", Status,
    ];

    static readonly SearchValues<byte> s_nameBytes = SearchValues.Create(Encoding.ASCII.GetBytes(HeaderRules.TokenCharacters));

    // A tab may stand in a value; a line's end may not, since folded lines were joined before.
    static readonly SearchValues<byte> s_controls =
        SearchValues.Create([.. Enumerable.Range(0, 32).Where(static one => one != '\t').Select(static one => (byte)one), 127]);

    readonly List<(string Name, string Value)> _fields = new(4);

    public static IReadOnlyList<string> Addresses { get; } = [Token, Mailbox, Group, Except];

    public IReadOnlyList<(string Name, string Value)> Fields => _fields;

    public bool Has(string name)
    {
        foreach (var field in _fields)
            if (Is(field, name)) return true;
        return false;
    }

    /// <summary>All values under a name.</summary>
    public IEnumerable<string> All(string name)
    {
        foreach (var field in _fields)
            if (Is(field, name)) yield return field.Value;
    }

    /// <summary>The values under a name that may be given once: two where there are more.</summary>
    public StringValues Find(string name)
    {
        string? first = null;
        foreach (var field in _fields)
        {
            if (!Is(field, name)) continue;
            if (first is not null) return new([first, field.Value]);
            first = field.Value;
        }
        return first;
    }

    /// <summary>Appends a field, <c>Name: value</c> without the line's end. One that is folded (RFC 5322 section 2.2.3) is joined by blanks.</summary>
    /// <returns>What is wrong with the field, or null.</returns>
    public string? Add(ReadOnlySpan<byte> field)
    {
        var colon = field.IndexOf((byte)':');
        if (colon <= 0 || field[..colon].ContainsAnyExcept(s_nameBytes)) return "has a line that is no header";
        var name = NameOf(field[..colon]);
        if (!TryReadValue(field[(colon + 1)..], out var value)) return $"has control characters, or what is not UTF-8, in {name}";
        _fields.Add((name, value));
        return null;
    }

    static bool Is(in (string Name, string Value) field, string name) =>
        ReferenceEquals(field.Name, name) || field.Name.Equals(name, StringComparison.OrdinalIgnoreCase);

    static string NameOf(ReadOnlySpan<byte> name)
    {
        foreach (var known in s_known)
            if (Ascii.EqualsIgnoreCase(name, known)) return known;
        return Encoding.ASCII.GetString(name);
    }

    static bool TryReadValue(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out string? value)
    {
        if (bytes.Contains((byte)'\n')) bytes = Unfold(bytes);
        bytes = bytes.Trim(" \t"u8);
        value = bytes.ContainsAny(s_controls) || !Utf8.IsValid(bytes) ? null : Encoding.UTF8.GetString(bytes);
        return value is not null;
    }

    static byte[] Unfold(ReadOnlySpan<byte> folded)
    {
        var bytes = folded.ToArray();
        for (var i = 0; i < bytes.Length; i++)
        {
            if (bytes[i] != '\n') continue;
            bytes[i] = (byte)' ';
            if (i > 0 && bytes[i - 1] == '\r') bytes[i - 1] = (byte)' ';
        }
        return bytes;
    }
}
