using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Mailbox.Gateway;

/// <summary>
/// Splits an application's multiplexed answers: delivers the parts that have an address, and sends the one that has none to the client
/// (spec section 6).
/// </summary>
sealed class MultiplexedAnswers(LetterDeliveries deliveries, TimeProvider time, ILogger<MultiplexedAnswers> log)
{
    const int BufferBytes = 16 << 10;

    public static bool IsOne(HttpContext http, BackendAnswer answer) => AnswerHead.HasBody(http, answer) && IsOne(answer);

    /// <summary>The same, for an answer whose status allows a body.</summary>
    public static bool IsOne(BackendAnswer answer) => MultiplexMediaType.IsMultiplex(answer.Header("Content-Type"));

    /// <remarks>
    /// Reads the answer to its end also when the client has left: its other parts are for others. A client that has its own part does not
    /// wait for them.
    /// </remarks>
    public async Task RunAsync(HttpContext http, BackendAnswer answer, Visitor visitor)
    {
        var own = new AnswerPart(http, answer, visitor, time);
        var problem = await TakeApartAsync(answer, reader => own.SendBeforeAsync(reader.ReadAsync()), own.Take).ConfigureAwait(false);
        if (http.Response.HasStarted) return;
        if (problem is null)
        {
            await own.SendAsync().ConfigureAwait(false);
            return;
        }
        http.Response.Clear();
        // The client does not learn which letters were delivered before the fault: their addresses are others' secrets.
        await new Problem(ProblemKinds.BackendFailed, "The multiplexed answer of the application: " + problem.Detail).WriteAsync(http).ConfigureAwait(false);
    }

    /// <summary>For answers that no client waits for: delivers the parts, and drops one without an address. A fault is logged.</summary>
    /// <param name="silence">The longest time without a part, after which the answer is given up.</param>
    /// <exception cref="OperationCanceledException"><paramref name="cancel"/>.</exception>
    public async Task SpreadAsync(BackendAnswer answer, TimeSpan silence, CancellationToken cancel)
    {
        using var timeout = new ResettableTimeout(silence, time, cancel);
        try
        {
            await TakeApartAsync(
                answer,
                reader =>
                {
                    timeout.Reset();
                    return reader.ReadAsync(timeout.Token);
                },
                static _ => null).ConfigureAwait(false);
        }
        catch (Exception fault) when (fault is IOException or OperationCanceledException && !cancel.IsCancellationRequested)
        {
            log.MultiplexedAnswerFailed(fault.Message);
        }
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
            while (true)
            {
                var next = await read(reader).ConfigureAwait(false);
                problem = next.Part is not { } part ? next.Problem
                    : part.IsAnswer ? take(part)
                    : await delivery.DeliverAsync(part).ConfigureAwait(false);
                if (next.Part is null || problem is not null) break;
            }
        }
        finally
        {
            await delivery.FinishAsync().ConfigureAwait(false);
            await pipe.CompleteAsync().ConfigureAwait(false);
        }
        if (problem is not null) log.MultiplexedAnswerFailed(problem.Detail);
        return problem;
    }
}

/// <summary>The part of a multiplexed answer without an address, which answers the request. Without one the answer is 204.</summary>
sealed class AnswerPart(HttpContext http, BackendAnswer answer, Visitor visitor, TimeProvider time)
{
    static readonly TimeSpan s_sendAfter = TimeSpan.FromMilliseconds(100);

    MultiplexPart? _part;
    int _status;
    Task _sendDue = Task.CompletedTask;

    /// <returns>Why the part cannot be the answer; null where it can.</returns>
    public Problem? Take(MultiplexPart part)
    {
        if (_part is not null) return new(ProblemKinds.BackendFailed, "Two parts have no address; only one can be the answer.");
        var status = part.Headers.Find(PartHeaders.Status);
        if (status.Count == 0) _status = answer.Status;
        else if (status.Count > 1 || !CgiHead.TryReadStatus(status.ToString(), out _status))
            return new(ProblemKinds.BackendFailed, "Status: must be given once, as a number from 200 to 599.");
        _part = part;
        _sendDue = Task.Delay(s_sendAfter, time);
        return null;
    }

    /// <summary>Waits for the next part. If that takes long, it sends the answer first.</summary>
    public async ValueTask<PartRead> SendBeforeAsync(ValueTask<PartRead> next)
    {
        if (_part is null || next.IsCompleted || http.Response.HasStarted) return await next.ConfigureAwait(false);
        var reading = next.AsTask();
        if (await Task.WhenAny(reading, _sendDue).ConfigureAwait(false) != reading)
        {
            // This connection is busy until the application is done; the client's next request should not wait for it.
            if (http.Request.Protocol == HttpProtocol.Http11) http.Response.Headers.Connection = "close";
            await SendAsync().ConfigureAwait(false);
        }
        return await reading.ConfigureAwait(false);
    }

    public async Task SendAsync()
    {
        AnswerHead.Copy(http, answer);
        var headers = http.Response.Headers;
        // The head describes the whole body, not the part.
        headers.ContentLength = null;
        headers.ContentType = default;
        headers.ContentEncoding = default;
        headers.ETag = default;
        if (_part is not null) CopyHead(_part);
        else if (answer.Status < StatusCodes.Status400BadRequest) http.Response.StatusCode = StatusCodes.Status204NoContent;
        // After the part's own head, which may set Cache-Control.
        AnswerHead.Remember(http, visitor);
        if (_part is null) return;
        var hasBody = _status is not (StatusCodes.Status204NoContent or StatusCodes.Status205ResetContent or StatusCodes.Status304NotModified);
        if (hasBody) await JsonAnswer.WriteAsync(http, _part.Body.Span).ConfigureAwait(false);
        else await http.Response.StartAsync(CancellationToken.None).ConfigureAwait(false);
    }

    void CopyHead(MultiplexPart part)
    {
        var headers = http.Response.Headers;
        http.Response.StatusCode = _status;
        if (part.Body.Length > 0) headers.ContentType = "text/plain";
        foreach (var (name, value) in part.Headers.Fields)
            if (name.Equals("Set-Cookie", StringComparison.OrdinalIgnoreCase)) headers.Append(name, AsBytes(value));
            else if (IsOfAnswer(name)) headers[name] = AsBytes(value);
    }

    static bool IsOfAnswer(string name) =>
        !name.Equals(PartHeaders.Status, StringComparison.OrdinalIgnoreCase) && !HeaderRules.IsOwn(name) && !HeaderRules.IsForOneConnection(name, default);

    // Parts are read as UTF-8 and heads written as Latin-1.
    static string AsBytes(string value) => Ascii.IsValid(value) ? value : Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(value));
}
