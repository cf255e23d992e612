using System.IO.Pipelines;
using Microsoft.Extensions.Options;

namespace Mailbox.Gateway;

/// <summary>
/// Station 1: posts the letters of one request in order without waiting for each. The grid takes them in the order of the calls, and
/// letters that wait together share one commit. For one caller at a time.
/// </summary>
/// <param name="maxBytes">Of the bodies in flight, but one letter always is let through.</param>
/// <param name="told">Is told what became of each letter, in the order of the calls.</param>
sealed class LetterDelivery(IMailboxGrid grid, GatewayMetrics metrics, LetterReader letters, int maxBytes, Func<Letter, ValueTask> told)
{
    const int MaxInFlight = 1024;

    readonly Queue<(Letter Letter, Task<PostResult>? Answer)> _waiting = [];
    long _bytes;

    /// <summary>Posts one part, all or nothing.</summary>
    /// <returns>Why it cannot be delivered; then nothing of it was, and nobody was told.</returns>
    public async ValueTask<Problem?> DeliverAsync(MultiplexPart part)
    {
        var (post, problem) = letters.Read(part);
        if (post is not null) await PostAsync(post).ConfigureAwait(false);
        return problem;
    }

    // Not cancelled when the sender leaves: what was handed to the store is stored, so the outcome is better known than not.
    public async ValueTask PostAsync(PostRequest post)
    {
        var bytes = post.Draft.Body.Length;
        await MakeRoomAsync(bytes).ConfigureAwait(false);
        _bytes += bytes;
        _waiting.Enqueue((new(post, null, null), grid.PostAsync(post).AsTask()));
    }

    /// <summary>Takes the place of a letter that is not valid in the order of those that are told.</summary>
    public async ValueTask RefuseAsync(Problem problem)
    {
        await MakeRoomAsync(0).ConfigureAwait(false);
        _waiting.Enqueue((new(null, null, problem), null));
    }

    /// <summary>Waits until all were told.</summary>
    public async ValueTask FinishAsync()
    {
        while (_waiting.Count > 0) await TellAsync().ConfigureAwait(false);
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
        if (answer is not null) letter = letter with { Result = await answer.ConfigureAwait(false) };
        _bytes -= letter.Post?.Draft.Body.Length ?? 0;
        Count(letter);
        await told(letter).ConfigureAwait(false);
    }

    void Count(Letter letter)
    {
        if (letter.Result is not { } result) return;
        foreach (var target in result.To) metrics.Delivered(target.Outcome);
        foreach (var target in result.Groups) metrics.Sent(target.Outcome);
    }
}

/// <summary>What takes the letters of one request after the other: its reader and its delivery. Safe to use from any thread.</summary>
sealed class LetterDeliveries(IMailboxGrid grid, GatewayMetrics metrics, IOptions<GatewayOptions> options, CallerNames names)
{
    readonly int _maxBodyBytes = options.Value.MaxBodyBytes;
    readonly LetterReader _letters = new(names);

    public MultiplexReader Read(PipeReader body, string boundary, bool isEncoded) => new(body, boundary, _maxBodyBytes, isEncoded);

    /// <param name="told">Is told what became of each letter, in order.</param>
    public LetterDelivery Begin(Func<Letter, ValueTask> told) => new(grid, metrics, _letters, _maxBodyBytes, told);
}

/// <summary>One letter of a request that carries many: what became of it, in the order of the request.</summary>
/// <param name="Post">Null where it was not valid.</param>
/// <param name="Problem">Not null where it was not valid.</param>
readonly record struct Letter(PostRequest? Post, PostResult? Result, Problem? Problem)
{
    public void WriteTo(System.Text.Json.Utf8JsonWriter json)
    {
        if (Problem is null)
        {
            AnswerJson.WritePosted(json, Post!, Result!);
            return;
        }
        json.WriteStartObject();
        AnswerJson.WriteProblem(json, Problem);
        json.WriteEndObject();
    }
}
