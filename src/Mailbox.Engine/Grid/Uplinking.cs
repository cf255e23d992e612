namespace Mailbox;

/// <summary>What a client tells the backend, in order. Without drafts it only asks which of its numbers was the highest accepted.</summary>
/// <param name="Client">Who counts, as a mailbox is named; needed where a draft has a number.</param>
/// <param name="Drafts">Those after one that is not accepted are not looked at.</param>
/// <param name="Except">A taker that has them already.</param>
public sealed record UplinkRequest(string? Client, IReadOnlyList<UplinkDraft> Drafts, MailboxName? Except = null)
{
    public string? Client { get; } = IsWhole(Client, Drafts) ? Client : throw new ArgumentException("A client that counts is named as a mailbox is.", nameof(Client));

    /// <summary>
    /// Stores nothing of them: <see cref="Outcome.Dropped"/> answers that the first which was not accepted before would be new.
    /// </summary>
    public bool Asks { get; init; }

    static bool IsWhole(string? client, IReadOnlyList<UplinkDraft> drafts) =>
        client is null ? drafts.All(static draft => draft.Number is null) : OpenRequest.IsClient(client);
}

/// <summary>One message of a client to the backend (spec section 5). Every property checks its value when it is set.</summary>
public sealed record UplinkDraft
{
    public required ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>1 to 256 printable ASCII characters.</summary>
    public string ContentType
    {
        get;
        init => field = MessageDraft.IsContentType(value) ? value : throw new ArgumentException("A content type has 1 to 256 printable ASCII characters.", nameof(ContentType));
    } = "application/octet-stream";

    /// <summary>The client's own number for it, from 1: accepted once for each client. Null where <see cref="Key"/> or nothing says so.</summary>
    public long? Number
    {
        get;
        init => field = value is null or >= 1 ? value : throw new ArgumentException("A client counts from 1.", nameof(Number));
    }

    /// <summary>1 to 64 bytes: accepted once for each key, while keys are remembered (spec M13).</summary>
    public string? Key
    {
        get;
        init => field = value is null || MessageDraft.IsKey(value) ? value : throw new ArgumentException("A key has 1 to 64 bytes.", nameof(Key));
    }
}

/// <summary>The answer to a client's messages to the backend.</summary>
/// <param name="Outcome">
/// <see cref="Outcome.Stored"/>: all of them are, now or before. Else why the first that is not was refused:
/// <see cref="Outcome.NotFound"/> means that nobody takes them, <see cref="Outcome.MailboxFull"/> that too many wait for a taker.
/// </param>
/// <param name="Highest">The highest number accepted of the client; 0 for none.</param>
/// <param name="Accepted">How many were new.</param>
public readonly record struct UplinkResult(Outcome Outcome, long Highest = 0, int Accepted = 0);
