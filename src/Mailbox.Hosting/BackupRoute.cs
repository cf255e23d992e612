using System.Globalization;
using Mailbox.Storage;
using Mailbox.Storage.Journal;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Mailbox.Hosting;

/// <summary>
/// <c>POST /backups</c>: copies the journal while it is used (spec section 9) and answers where the copy is. The place is the operator's
/// to choose, in the configuration, never the caller's. A host that is started on the copy gives every mailbox a new epoch.
/// </summary>
public static class BackupRoute
{
    public static void MapBackups(this IEndpointRouteBuilder routes, ServerOptions options)
    {
        var place = options.Backups.Length > 0 ? options.Backups : Path.TrimEndingDirectorySeparator(options.Data) + "-backups";
        routes.MapPost("/backups", (JournalBackups backups, TimeProvider time, CancellationToken cancel) => BackUpAsync(backups, NewIn(place, time), cancel));
    }

    static string NewIn(string place, TimeProvider time) =>
        Path.GetFullPath(Path.Combine(place, time.GetUtcNow().ToString("yyyyMMdd'T'HHmmss.fff'Z'", CultureInfo.InvariantCulture)));

    static async Task<IResult> BackUpAsync(JournalBackups backups, string directory, CancellationToken cancel)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(directory)!);
            await backups.WriteAsync(directory, cancel).ConfigureAwait(false);
            return Results.Json(new { backup = directory }, statusCode: StatusCodes.Status201Created);
        }
        catch (Exception fault) when (fault is StoreException or IOException or UnauthorizedAccessException)
        {
            return Results.Problem(fault.Message, statusCode: StatusCodes.Status507InsufficientStorage, type: "urn:mailbox:problem:backup-failed");
        }
    }
}
