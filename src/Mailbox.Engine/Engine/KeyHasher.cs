using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Mailbox.Storage;

namespace Mailbox.Engine;

/// <summary>Idempotency keys are kept as hashes: small, and of a size that the sender cannot choose (spec M13).</summary>
static class KeyHasher
{
    public static KeyId KeyOf(MailboxName mailbox, string key) => Hash($"m/{mailbox}\n{key}");

    public static KeyId KeyOf(GroupName group, string key) => Hash($"g/{group}\n{key}");

    /// <summary>Of a change of a group's members.</summary>
    public static KeyId ChangeKeyOf(GroupName group, Guid key) => Hash($"c/{group}\n{key:N}");

    /// <summary>Of what a client told the backend.</summary>
    public static KeyId UplinkKeyOf(MailboxName mailbox, string key) => Hash($"u/{mailbox}\n{key}");

    /// <summary>Of the numbers of one client, while the mailbox is this one.</summary>
    public static KeyId ClientOf(MailboxName mailbox, ulong epoch, string client) => Hash($"n/{mailbox}\n{epoch}\n{client}");

    public static ulong DigestOf(UplinkDraft draft) => DigestOf(new MessageDraft { ContentType = draft.ContentType, Body = draft.Body });

    /// <summary>
    /// What must be the same for a repeated request to be the same (spec M13): the message with all that it was given, and whom a send
    /// leaves out. What is not given is not hashed, so that a version that lacks a field has the same digests.
    /// </summary>
    /// <param name="except">Of a send to a group, in any order.</param>
    public static ulong DigestOf(MessageDraft draft, IReadOnlyCollection<MailboxName>? except = null)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes($"{draft.ContentType}\n{draft.Type}\n{draft.Topic}\n{draft.TimeToLive}\n"));
        hash.AppendData(draft.Body.Span);
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        hash.GetHashAndReset(digest);
        if (draft.Durability is not null || draft.Idle is not null || except is { Count: > 0 })
        {
            // Hashed again with the first hash before it: a body cannot look like it.
            hash.AppendData(digest);
            hash.AppendData(Encoding.UTF8.GetBytes($"{draft.Durability}\n{draft.Idle}\n"));
            var names = (except ?? []).Select(static name => name.ToString()).Distinct().Order(StringComparer.Ordinal);
            hash.AppendData(Encoding.UTF8.GetBytes(string.Join('\n', names)));
            hash.GetHashAndReset(digest);
        }
        return BinaryPrimitives.ReadUInt64LittleEndian(digest);
    }

    static KeyId Hash(string text) => new(BinaryPrimitives.ReadUInt128LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(text))));
}
