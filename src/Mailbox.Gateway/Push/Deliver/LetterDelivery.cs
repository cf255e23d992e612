using System.IO.Pipelines;
using System.Text.Json;
using Microsoft.Extensions.Options;

namespace Mailbox.Gateway;

/// <summary>
/// Station 1: posts the letters of one request in order without waiting for each. The grid takes them in the order of the calls, and
/// letters that wait together share one commit. Where mailboxes and groups are stored apart, a letter to a group waits for the answers to the direct
/// letters before it, and a direct letter for those to groups: so every mailbox has the letters in their order. For one caller at a time.
/// </summary>
/// <param name="maxBytes">The most bytes of bodies in flight; a single letter may have more.</param>
/// <param name="told">Receives the outcome of each letter, in the order of the calls.</param>
sealed class LetterDelivery(IMailboxGrid grid, GatewayMetrics metrics, LetterReader letters, int maxBytes, Func<LetterOutcome, ValueTask> told)
{
    const int MaxInFlight = 1024;

    readonly Queue<(LetterOutcome Letter, Task<PostResult>? Answer)> _waiting = [];
    long _bytes;
    Targets _before;

    /// <summary>Posts one part, all or nothing.</summary>
    /// <returns>Why it cannot be delivered. Then nothing was, and <c>told</c> is not called for it.</returns>
    public async ValueTask<Problem?> DeliverAsync(MultiplexPart part)
    {
        var (post, problem) = letters.Read(part);
        if (post is not null) await PostAsync(post).ConfigureAwait(false);
        return problem;
    }

    // Not cancelled when the sender leaves: the store has the message by then, and a known outcome is better than an unknown one.
    public async ValueTask PostAsync(PostRequest post)
    {
        var bytes = post.Draft.Body.Length;
        await MakeRoomAsync(bytes).ConfigureAwait(false);
        if (!grid.KeepsOrderOfPosts)
        {
            var targets = Targets.Of(post);
            if (_waiting.Count > 0 && !targets.MayFollow(_before)) await FinishAsync().ConfigureAwait(false);
            _before = targets;
        }
        _bytes += bytes;
        _waiting.Enqueue((new(post, null, null), grid.PostAsync(post).AsTask()));
    }

    /// <summary>Reports a letter that is not valid, in its place among the others.</summary>
    public async ValueTask RefuseAsync(Problem problem)
    {
        await MakeRoomAsync(0).ConfigureAwait(false);
        _waiting.Enqueue((new(null, null, problem), null));
    }

    /// <summary>Returns when the outcome of every letter has been reported.</summary>
    public async ValueTask FinishAsync()
    {
        while (_waiting.Count > 0) await TellAsync().ConfigureAwait(false);
    }

    /// <summary>What a letter is to: mailboxes, one group, or anything else.</summary>
    readonly record struct Targets(bool IsDirect, GroupName? Group)
    {
        public static Targets Of(PostRequest post) =>
            new(post.Groups.Count == 0, post is { To.Count: 0, Groups: [var group] } ? group : null);

        /// <summary>Whether the grid keeps the order of the two though the first is not answered.</summary>
        public bool MayFollow(in Targets before) => IsDirect ? before.IsDirect : Group is not null && Group == before.Group;
    }

    async ValueTask MakeRoomAsync(int bytes)
    {
        while (_waiting.TryPeek(out var first))
        {
            var isFull = _waiting.Count == MaxInFlight || _bytes + bytes > maxBytes;
            if (!isFull && first.Answer is { IsCompleted: false }) return;
            await TellAsync().ConfigureAwait(false);
        }
    }

    async ValueTask TellAsync()
    {
        var (letter, answer) = _waiting.Dequeue();
        if (answer is not null)
        {
            var result = await answer.ConfigureAwait(false);
            letter = letter with { Result = result };
            foreach (var target in result.To) metrics.Delivered(target.Outcome);
            foreach (var target in result.Groups) metrics.Sent(target.Outcome);
        }
        _bytes -= letter.Post?.Draft.Body.Length ?? 0;
        await told(letter).ConfigureAwait(false);
    }
}

/// <summary>One letter of a request that carries many, and its outcome.</summary>
/// <param name="Post">Null where the letter was not valid.</param>
/// <param name="Problem">Not null where the letter was not valid.</param>
readonly record struct LetterOutcome(PostRequest? Post, PostResult? Result, Problem? Problem)
{
    public void WriteTo(Utf8JsonWriter json)
    {
        if (Problem is null)
        {
            GridJson.WritePosted(json, Post!, Result!);
            return;
        }
        json.WriteStartObject();
        GridJson.WriteProblem(json, Problem);
        json.WriteEndObject();
    }
}

/// <summary>Makes the reader and the delivery of the letters of one request. Safe from any thread.</summary>
sealed class LetterDeliveries(IMailboxGrid grid, GatewayMetrics metrics, IOptions<GatewayOptions> options, CallerNames names)
{
    readonly int _maxBodyBytes = options.Value.MaxBodyBytes;
    readonly LetterReader _letters = new(names);

    public MultiplexReader Read(PipeReader body, string boundary, bool isEncoded) => new(body, boundary, _maxBodyBytes, isEncoded);

    /// <param name="told">Receives the outcome of each letter, in order.</param>
    public LetterDelivery Begin(Func<LetterOutcome, ValueTask> told) => new(grid, metrics, _letters, _maxBodyBytes, told);
}
