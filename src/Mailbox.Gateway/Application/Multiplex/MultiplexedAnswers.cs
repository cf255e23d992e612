using System.IO.Pipelines;
using System.Text;
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

/// <summary>The part of a multiplexed answer that has no address: the answer to the request itself. Without one the answer is 204.</summary>
sealed class OwnPart(HttpContext http, BackendAnswer answer, Visitor visitor, TimeProvider time)
{
    const int StatusDigits = 3;
    static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(100);

    MultiplexPart? _part;
    long _status;
    Task _patienceEnds = Task.CompletedTask;

    /// <returns>Why it cannot be the answer.</returns>
    public Problem? Take(MultiplexPart part)
    {
        if (_part is not null) return new(ProblemKinds.BackendFailed, "Two parts have no address; only one can be the answer.");
        var status = part.Headers.Find(PartHeaders.Status);
        if (status.Count == 0) _status = answer.Status;
        else if (status.Count > 1 || !TryReadStatus(status.ToString(), out _status))
            return new(ProblemKinds.BackendFailed, "Status: must be given once, as a number from 200 to 599.");
        _part = part;
        _patienceEnds = Task.Delay(s_patience, time);
        return null;
    }

    /// <summary>Waits for what comes after it; where that takes long, the client is answered first.</summary>
    public async ValueTask<PartRead> SendAheadOfAsync(ValueTask<PartRead> next)
    {
        if (_part is null || next.IsCompleted || http.Response.HasStarted) return await next.ConfigureAwait(false);
        var reading = next.AsTask();
        if (await Task.WhenAny(reading, _patienceEnds).ConfigureAwait(false) != reading)
        {
            // This connection is busy until the application is done: the client's next request had better not wait for it here.
            if (http.Request.Protocol == HttpProtocol.Http11) http.Response.Headers.Connection = "close";
            await SendAsync().ConfigureAwait(false);
        }
        return await reading.ConfigureAwait(false);
    }

    public async Task SendAsync()
    {
        AnswerHead.Copy(http, answer);
        ForgetBody();
        if (_part is not null) CopyHead(_part);
        else if (answer.Status < StatusCodes.Status400BadRequest) http.Response.StatusCode = StatusCodes.Status204NoContent;
        // Behind the part's own head, which may say something else of caching.
        AnswerHead.Remember(http, visitor);
        if (_part is null) return;
        var hasBody = _status is not (StatusCodes.Status204NoContent or StatusCodes.Status205ResetContent or StatusCodes.Status304NotModified);
        if (hasBody) await JsonAnswer.WriteAsync(http, _part.Body.Span).ConfigureAwait(false);
        else await http.Response.StartAsync(CancellationToken.None).ConfigureAwait(false);
    }

    // As it stands in CGI too: 404, or 404 Not Found.
    static bool TryReadStatus(string text, out long status) =>
        WholeNumber.TryParse(text.AsSpan(0, Math.Min(StatusDigits, text.Length)), out status) && status is >= 200 and <= 599 && (text.Length == StatusDigits || text[StatusDigits] == ' ');

    // What the head says of the whole body is not true of the part.
    void ForgetBody()
    {
        var headers = http.Response.Headers;
        headers.ContentLength = null;
        headers.ContentType = default;
        headers.ContentEncoding = default;
        headers.ETag = default;
    }

    void CopyHead(MultiplexPart part)
    {
        var headers = http.Response.Headers;
        http.Response.StatusCode = (int)_status;
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
