using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Mailbox.Gateway;

/// <summary>Takes an application's multiplexed answers apart: letters to others, and at most one part for who asked (spec section 6).</summary>
sealed class MultiplexedAnswers(LetterDeliveries deliveries, TimeProvider time, ILogger<MultiplexedAnswers> log)
{
    const int BufferBytes = 16 << 10;

    public static bool IsOne(HttpContext http, BackendAnswer answer) => AnswerHead.HasBody(http, answer) && IsOne(answer);

    /// <summary>The same of an answer that has a body if its status allows it.</summary>
    public static bool IsOne(BackendAnswer answer) => MultiplexMediaType.IsMultiplex(answer.Header("Content-Type"));

    /// <remarks>
    /// Goes on to the end of the answer also when the client has left: what is in it is for others, and a client that has its own part
    /// need not wait for them.
    /// </remarks>
    public async Task RunAsync(HttpContext http, BackendAnswer answer, Visitor visitor)
    {
        var own = new OwnPart(http, answer, visitor, time);
        var problem = await TakeApartAsync(answer, reader => own.SendAheadOfAsync(reader.ReadAsync()), own.Take).ConfigureAwait(false);
        await EndAsync(http, own, problem).ConfigureAwait(false);
    }

    /// <summary>For nobody: a part without an address is dropped. What is not whole is logged.</summary>
    /// <param name="silence">After so long without a part it is given up.</param>
    /// <exception cref="OperationCanceledException"><paramref name="cancel"/>.</exception>
    public async Task SpreadAsync(BackendAnswer answer, TimeSpan silence, CancellationToken cancel)
    {
        using var patience = new Patience(silence, time, cancel);
        try
        {
            await TakeApartAsync(answer, reader => ReadAsync(reader, patience), static _ => null).ConfigureAwait(false);
        }
        catch (Exception fault) when (fault is IOException or OperationCanceledException && !cancel.IsCancellationRequested)
        {
            log.MultiplexedAnswerFailed(fault.Message);
        }
    }

    static ValueTask<PartRead> ReadAsync(MultiplexReader reader, Patience patience)
    {
        patience.Renew();
        return reader.ReadAsync(patience.Token);
    }

    async Task<Problem?> TakeApartAsync(BackendAnswer answer, Func<MultiplexReader, ValueTask<PartRead>> read, Func<MultiplexPart, Problem?> take)
    {
        var (boundary, problem) = MultiplexMediaType.BoundaryOf(answer.Header("Content-Type"));
        var body = ContentDecoding.Of(answer.Body, answer.Header("Content-Encoding"));
        if (boundary is null || body is null) throw new BackendException(BackendFault.Broken, problem?.Detail ?? "Content-Encoding: it is not known.");
        var pipe = PipeReader.Create(body, new(bufferSize: BufferBytes, leaveOpen: true));
        var delivery = deliveries.Begin(static _ => ValueTask.CompletedTask);
        var reader = deliveries.Read(pipe, boundary, isEncoded: body != answer.Body);
        try
        {
            problem = await TakeApartAsync(() => read(reader), delivery, take).ConfigureAwait(false);
        }
        finally
        {
            await delivery.FinishAsync().ConfigureAwait(false);
            await pipe.CompleteAsync().ConfigureAwait(false);
        }
        if (problem is not null) log.MultiplexedAnswerFailed(problem.Detail);
        return problem;
    }

    static async ValueTask<Problem?> TakeApartAsync(Func<ValueTask<PartRead>> next, LetterDelivery delivery, Func<MultiplexPart, Problem?> take)
    {
        while (true)
        {
            var read = await next().ConfigureAwait(false);
            if (read.Part is not { } part) return read.Problem;
            var problem = part.IsAnswer ? take(part) : await delivery.DeliverAsync(part).ConfigureAwait(false);
            if (problem is not null) return problem;
        }
    }

    // Which letters were delivered before a fault is not the client's to know: their addresses are others' secrets.
    static Task EndAsync(HttpContext http, OwnPart own, Problem? problem)
    {
        if (http.Response.HasStarted) return Task.CompletedTask;
        if (problem is null) return own.SendAsync();
        http.Response.Clear();
        return new Problem(ProblemKinds.BackendFailed, "The multiplexed answer of the application: " + problem.Detail).WriteAsync(http);
    }
}
