namespace Mailbox.Gateway.Tests;

/// <summary>A grid that answers what a test says.</summary>
sealed class ScriptedGrid : IMailboxGrid
{
    public Outcome Outcome { get; set; }

    public OpenOutcome Open { get; set; }

    public ScriptedReader Reader { get; } = new();

    public bool IsReady { get; set; } = true;

    public Exception? Fault { get; set; }

    public ValueTask<DeliverResult> DeliverAsync(MailboxName mailbox, MessageDraft draft, CancellationToken cancel = default) => new(new DeliverResult(Outcome));

    public ValueTask<SendResult> SendAsync(
        GroupName group, MessageDraft draft, IReadOnlyCollection<MailboxName>? except = null, CancellationToken cancel = default) =>
        new(new SendResult(Outcome));

    public ValueTask<PostResult> PostAsync(PostRequest post, CancellationToken cancel = default) =>
        new(new PostResult([.. post.To.Select(_ => new DeliverResult(Outcome))], [.. post.Groups.Select(_ => new SendResult(Outcome))]));

    public ValueTask<OpenResult> OpenAsync(MailboxName mailbox, OpenRequest request, IReaderSignal? signal, CancellationToken cancel = default)
    {
        Reader.Signal = signal;
        return new(new OpenResult(Open, Open == OpenOutcome.Opened ? Reader : null));
    }

    public ValueTask<AcknowledgeOutcome> AcknowledgeAsync(MailboxName mailbox, Position position, CancellationToken cancel = default) =>
        new(AcknowledgeOutcome.Unavailable);

    public ValueTask<Outcome> SetOptionsAsync(MailboxName mailbox, MailboxOptionsChange change, CancellationToken cancel = default) => new(Outcome);

    public ValueTask<MailboxInfo?> GetAsync(MailboxName mailbox, CancellationToken cancel = default) =>
        Fault is null ? new((MailboxInfo?)null) : throw Fault;

    public ValueTask<Outcome> RemoveAsync(MailboxName mailbox, CancellationToken cancel = default) => new(Outcome);

    public ValueTask<Outcome> DeleteMessageAsync(MailboxName mailbox, Position position, CancellationToken cancel = default) => new(Outcome);

    public ValueTask<IReadOnlyList<MailboxName>> ListAsync(string? after, int limit, CancellationToken cancel = default) => new([]);

    public ValueTask<MembersResult> ChangeMembersAsync(
        GroupName group, IReadOnlyCollection<MailboxName> add, IReadOnlyCollection<MailboxName> remove, CancellationToken cancel = default) =>
        new(new MembersResult(Outcome));

    public ValueTask<GroupPage?> GetGroupAsync(GroupName group, string? after, int limit, CancellationToken cancel = default) => new((GroupPage?)null);

    public ValueTask<Outcome> RemoveGroupAsync(GroupName group, CancellationToken cancel = default) => new(Outcome);
}
