namespace Mailbox.Gateway.Tests;

/// <summary>A grid that answers what a test says.</summary>
sealed class ScriptedGrid : IMailboxGrid
{
    public Outcome Outcome { get; set; }

    public OpenOutcome Open { get; set; }

    public ScriptedReader Reader { get; } = new();

    public bool IsReady { get; set; } = true;

    public Exception? Fault { get; set; }

    /// <summary>Answers nothing until whoever asked gives up.</summary>
    public bool IsStuck { get; set; }

    /// <summary>Answers posts, if set.</summary>
    public Func<PostRequest, Task<PostResult>>? Posted { get; set; }

    /// <summary>Of the last question.</summary>
    public CancellationToken? Asked { get; private set; }

    public ValueTask<DeliverResult> DeliverAsync(MailboxName mailbox, MessageDraft draft, CancellationToken cancel = default) =>
        AnswerAsync(new DeliverResult(Outcome), cancel);

    public ValueTask<SendResult> SendAsync(
        GroupName group, MessageDraft draft, IReadOnlyCollection<MailboxName>? except = null, CancellationToken cancel = default) =>
        new(new SendResult(Outcome));

    public ValueTask<PostResult> PostAsync(PostRequest post, CancellationToken cancel = default) =>
        Posted is not null ? new(Posted(post)) : new(new PostResult([.. post.To.Select(_ => new DeliverResult(Outcome))], [.. post.Groups.Select(_ => new SendResult(Outcome))]));

    public ValueTask<OpenResult> OpenAsync(MailboxName mailbox, OpenRequest request, IReaderSignal? signal, CancellationToken cancel = default)
    {
        Reader.Signal = signal;
        return AnswerAsync(new OpenResult(Open, Open == OpenOutcome.Opened ? Reader : null), cancel);
    }

    public ValueTask<AcknowledgeOutcome> AcknowledgeAsync(MailboxName mailbox, Position position, CancellationToken cancel = default) =>
        new(AcknowledgeOutcome.Unavailable);

    public ValueTask<UplinkResult> UplinkAsync(MailboxName mailbox, UplinkRequest request, CancellationToken cancel = default) =>
        new(new UplinkResult(Outcome));

    public ValueTask<Outcome> SetOptionsAsync(MailboxName mailbox, MailboxOptionsChange change, CancellationToken cancel = default) => new(Outcome);

    public ValueTask<MailboxInfo?> GetAsync(MailboxName mailbox, CancellationToken cancel = default) =>
        Fault is null ? AnswerAsync<MailboxInfo?>(null, cancel) : throw Fault;

    public ValueTask<Outcome> RemoveAsync(MailboxName mailbox, CancellationToken cancel = default) => new(Outcome);

    public ValueTask<Outcome> DeleteMessageAsync(MailboxName mailbox, Position position, CancellationToken cancel = default) => new(Outcome);

    public ValueTask<IReadOnlyList<MailboxName>> ListAsync(string? after, int limit, CancellationToken cancel = default) =>
        AnswerAsync<IReadOnlyList<MailboxName>>([], cancel);

    public ValueTask<MembersResult> ChangeMembersAsync(
        GroupName group, IReadOnlyCollection<MailboxName> add, IReadOnlyCollection<MailboxName> remove, CancellationToken cancel = default) =>
        new(new MembersResult(Outcome));

    public ValueTask<GroupPage?> GetGroupAsync(GroupName group, string? after, int limit, CancellationToken cancel = default) =>
        AnswerAsync<GroupPage?>(null, cancel);

    public ValueTask<Outcome> RemoveGroupAsync(GroupName group, CancellationToken cancel = default) => new(Outcome);

    async ValueTask<T> AnswerAsync<T>(T answer, CancellationToken cancel)
    {
        Asked = cancel;
        if (IsStuck) await new TaskCompletionSource().Task.WaitAsync(cancel);
        return answer;
    }
}
