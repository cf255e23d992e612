using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Mailbox.Engine;

/// <summary>
/// What clients tell the backend, as letters: a taker is a mailbox that is a member of a group, so what waits for it is stored, in order and
/// bounded. Where nobody takes them uplinks are refused.
/// </summary>
public static class MailboxUplinks
{
    public const string ContentType = "application/x-mailbox-uplink";

    /// <summary>Of the letters.</summary>
    public const string Type = "uplink";

    /// <summary>What a letter may need beside the client's body, in bytes.</summary>
    public const int HeadBytes = 1024;
    internal const string Prefix = "mailbox.uplinks:";
    const int IdBytes = 16;

    /// <summary>Whose members take them.</summary>
    public static GroupName Group { get; } = GroupName.Parse("mailbox.uplinks");

    /// <summary>The taker that is the backend which gateways call: one of them reads it at a time.</summary>
    public static MailboxName Gateways { get; } = TakerNamed("backend");

    /// <summary>The mailbox of a taker.</summary>
    /// <exception cref="ArgumentException">The name has characters that no mailbox may have, or more than 112 of them.</exception>
    public static MailboxName TakerNamed(string name) => MailboxName.Parse(Prefix + name);

    /// <summary>The <c>Uplink-Id</c> of what a client sent with a key.</summary>
    public static string IdOf(MailboxName mailbox, string key) => IdOf($"u/{mailbox}\n{key}");

    internal static string IdOf(MailboxName mailbox, ulong epoch, string client, long number) => IdOf($"n/{mailbox}\n{epoch}\n{client}\n{number}");

    /// <summary>For what has neither key nor number.</summary>
    public static string NewId() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(IdBytes));

    /// <summary>What came of a send to the takers. One that refuses holds the client back; the others may get it twice then.</summary>
    /// <param name="isTaken">Somebody who is excepted has it already.</param>
    internal static Outcome OutcomeOf(SendResult sent, bool isTaken) => sent switch
    {
        { Outcome: not Outcome.Stored } => sent.Outcome,
        { Members: 0 } => isTaken ? Outcome.Stored : Outcome.NotFound,
        { Refused: > 0 } => Outcome.MailboxFull,
        _ => Outcome.Stored,
    };

    static string IdOf(string text) => Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, IdBytes));
}
