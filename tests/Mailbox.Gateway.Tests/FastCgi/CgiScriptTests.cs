namespace Mailbox.Gateway.Tests;

/// <summary>Which script a path means.</summary>
public sealed class CgiScriptTests
{
    [Theory]
    [InlineData("/chat.php", "/chat.php", "")]
    [InlineData("/chat.php/rooms/1", "/chat.php", "/rooms/1")]
    [InlineData("/a/chat.php", "/a/chat.php", "")]
    [InlineData("/upload/picture.jpg/x.php", "/upload/picture.jpg/x.php", "")]
    [InlineData("/chat.php/x.php", "/chat.php", "/x.php")]
    [InlineData("/", "/index.php", "")]
    [InlineData("/users/7", "/index.php", "")]
    [InlineData("/chat.phpx", "/index.php", "")]
    [InlineData("/.php", "/index.php", "")]
    [InlineData("/CHAT.PHP", "/index.php", "")]
    public void A_script_is_named_by_its_extension_and_all_else_goes_to_the_index(string path, string name, string pathInfo) =>
        Assert.Equal(new CgiScript(name, pathInfo), CgiScript.Of(path, "/nowhere", "index.php"));

    [Fact]
    public void A_directory_may_have_an_index_of_its_own()
    {
        var root = Directory.CreateTempSubdirectory("mailbox-root-");
        root.CreateSubdirectory("shop");
        File.WriteAllText(Path.Combine(root.FullName, "shop/index.php"), "");

        Assert.Equal(new CgiScript("/shop/index.php", ""), CgiScript.Of("/shop/", root.FullName, "index.php"));
        Assert.Equal(new CgiScript("/index.php", ""), CgiScript.Of("/other/", root.FullName, "index.php"));
        root.CreateSubdirectory("caf\u00e9");
        File.WriteAllText(Path.Combine(root.FullName, "caf\u00e9/index.php"), "");
        Assert.Equal(new CgiScript("/caf\u00c3\u00a9/index.php", ""), CgiScript.Of(CgiPath.Of("/caf%C3%A9/"), root.FullName, "index.php"));
        root.Delete(recursive: true);
    }

    [Fact]
    public void Without_a_root_the_application_is_one_program() => Assert.Equal(new CgiScript("", "/a.php/b"), CgiScript.Of("/a.php/b", "", "index.php"));

    [Theory]
    [InlineData("/a/b?c", "/a/b")]
    [InlineData("/a%20b/", "/a b/")]
    [InlineData("/../../etc/passwd", "/etc/passwd")]
    [InlineData("/a/%2e%2e/%2e%2E/b.php", "/b.php")]
    [InlineData("/a%2f..%2f..%2fb", "/b")]
    [InlineData("//a///b/./c/..", "/a/b/")]
    [InlineData("/a/.", "/a/")]
    [InlineData("/", "/")]
    [InlineData("/..", "/")]
    [InlineData("/a/..b/c..", "/a/..b/c..")]
    public void A_path_never_leads_above_the_root(string target, string path) => Assert.Equal(path, CgiPath.Of(target));

    [Theory]
    [InlineData("http://127.0.0.1:9000", true)]
    [InlineData("fastcgi://127.0.0.1:9001", true)]
    [InlineData("fastcgi://[::1]:9001/", true)]
    [InlineData("fastcgi:///run/php.sock", true)]
    [InlineData("fastcgi://127.0.0.1", false)]
    [InlineData("fastcgi://127.0.0.1:9001/path", false)]
    [InlineData("fastcgi:///", false)]
    [InlineData("fastcgi://", false)]
    [InlineData("ftp://127.0.0.1:1", false)]
    public void A_backend_is_named_by_its_URL(string url, bool isValid) => Assert.Equal(isValid, new BackendUrlAttribute().IsValid(url));

    [Fact]
    public void The_path_of_a_socket_has_the_bound_of_the_system() => Assert.False(new BackendUrlAttribute().IsValid("fastcgi:///" + new string('x', 200)));
}
