// expect: this sentence never comes
int main() {}
