using Microsoft.AspNetCore.Http;

namespace Mailbox.Gateway;

/// <summary>Answers that many routes give.</summary>
static class HttpAnswers
{
    public static Task NoContent(this HttpContext http)
    {
        http.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    /// <summary>204, or the problem that the outcome is.</summary>
    public static Task Answer(this HttpContext http, Outcome outcome) =>
        Problem.Of(outcome) is { } problem ? problem.WriteAsync(http) : http.NoContent();

    public static Task NotAllowed(this HttpContext http, string allow)
    {
        http.Response.Headers.Allow = allow;
        return new Problem(ProblemKinds.MethodNotAllowed, $"Allowed here: {allow}.").WriteAsync(http);
    }
}
