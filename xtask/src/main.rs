fn main() {
    for file in evenkeel::protocol::codegen::generate() {
        std::fs::create_dir_all(std::path::Path::new(file.path).parent().unwrap()).unwrap();
        std::fs::write(file.path, file.text).unwrap();
    }
}
