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
