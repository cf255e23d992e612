using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Mailbox.Gateway;

/// <summary>Takes an application's multiplexed answers apart: letters to others, and at most one part for who asked (spec section 6).</summary>
sealed class MultiplexedAnswers(LetterDeliveries deliveries, TimeProvider time, ILogger<MultiplexedAnswers> log)
{
    const int BufferBytes = 16 << 10;

    public static bool IsOne(HttpContext http, BackendAnswer answer) =>
        AnswerHead.HasBody(http, answer) && MultiplexMediaType.IsMultiplex(answer.Header("Content-Type"));

    /// <remarks>
    /// Goes on to the end of the answer also when the client has left: what is in it is for others, and a client that has its own part
    /// need not wait for them.
    /// </remarks>
    public async Task RunAsync(HttpContext http, BackendAnswer answer, Visitor visitor)
    {
        var (boundary, problem) = MultiplexMediaType.BoundaryOf(answer.Header("Content-Type"));
        var body = ContentDecoding.Of(answer.Body, answer.Header("Content-Encoding"));
        if (boundary is null || body is null) throw new BackendException(BackendFault.Broken, problem?.Detail ?? "Content-Encoding: it is not known.");
        var pipe = PipeReader.Create(body, new(bufferSize: BufferBytes, leaveOpen: true));
        var delivery = deliveries.Begin(static _ => ValueTask.CompletedTask);
        var own = new OwnPart(http, answer, visitor, time);
        problem = await TakeApartAsync(deliveries.Read(pipe, boundary), delivery, own).ConfigureAwait(false);
        await delivery.FinishAsync().ConfigureAwait(false);
        await pipe.CompleteAsync().ConfigureAwait(false);
        if (problem is not null) log.MultiplexedAnswerFailed(problem.Detail);
        await EndAsync(http, own, problem).ConfigureAwait(false);
    }

    static async ValueTask<Problem?> TakeApartAsync(MultiplexReader reader, LetterDelivery delivery, OwnPart own)
    {
        while (true)
        {
            var read = await own.SendAheadOfAsync(reader.ReadAsync()).ConfigureAwait(false);
            if (read.Part is not { } part) return read.Problem;
            var problem = part.IsAnswer ? own.Take(part) : await delivery.DeliverAsync(part).ConfigureAwait(false);
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
